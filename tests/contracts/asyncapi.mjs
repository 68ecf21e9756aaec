// Reads AsyncAPI documents with the official parser, as JSON; exits 1 with what is wrong.
// node asyncapi.mjs FOLDER_OF_THE_PARSER FILE…
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(`${folder}/`)('@asyncapi/parser');
const parser = new Parser();
const found = {};
for (const file of files) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, 'utf8'));
  const wrong = diagnostics.filter(({ severity }) => severity === 0);
  for (const { message, path } of wrong) console.error(`${file}: ${path.join('.')}: ${message}`);
  if (wrong.length) process.exitCode = 1;
  else found[file] = { channels: document.channels().all().map((channel) => channel.address()), messages: document.allMessages().all().map((message) => message.name()) };
}
console.log(JSON.stringify(found));
