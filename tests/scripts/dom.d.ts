// What the browser gives, as far as our pages need it otherwise than the standard library of TypeScript declares it.
// Which element an id or a selector names is up to the templates, which no type checker reads.

interface Document {
  getElementById(id: string): any;
  addEventListener(type: string, listener: (event: any) => void, options?: boolean | AddEventListenerOptions): void;
}

interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): Iterable<any> & ArrayLike<any>;
}

interface Element {
  closest(selectors: string): any;
}

interface Window {
  addEventListener(type: string, listener: (event: any) => void, options?: boolean | AddEventListenerOptions): void;
}
