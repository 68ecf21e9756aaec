// Lets Node import a page's scripts from where they are: `./page.js` is looked up beside the importing file, then among
// the shared files, as a service looks it up under `/<service>/static/`.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const SHARED = ['kernel', 'chassis'].map((part) => new URL(`../../services/${part}/static/`, import.meta.url));

registerHooks({
  resolve(specifier, context, next) {
    const folders = [context.parentURL, ...SHARED].filter(Boolean);
    const addresses = specifier.startsWith('./') ? folders.map((folder) => new URL(specifier, folder)) : [];
    const found = addresses.find((address) => existsSync(fileURLToPath(address)));
    return found?.pathname.endsWith('.js')
      ? { url: found.href, format: 'module', shortCircuit: true }
      : next(specifier, context);
  },
});
