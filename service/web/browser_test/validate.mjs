// Every page in a folder must be HTML as the standard has it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { Failures } from "./browser.mjs";

const [, , dir] = process.argv;
const failures = new Failures();
const rules = {
  // templ writes tags its own way.
  "void-style": "off",
  "no-trailing-whitespace": "off",
  "doctype-style": "off",
  // A child may have a long name, and the title says whose page it is.
  "long-title": "off",
  // A table that scrolls is a region only for whom it scrolls; a search is an older element for
  // more readers than <search>.
  "prefer-native-element": ["error", { exclude: ["region", "search", "group"] }],
  // What we load is our own, and its address changes with its content.
  "require-sri": ["error", { target: "crossorigin" }],
  // Lists and regions have names, which ARIA allows.
  "aria-label-misuse": ["error", { allowAnyNamable: true }],
  // The summary of what is wrong comes before the title, as everywhere it is used.
  "heading-level": ["error", { minInitialRank: "h2" }],
  // Boxes that answer one question have one name, and so have rows that are carried
  // along with a form: the server reads lists.
  "form-dup-name": "off",
  // Without a script a page of work in progress renews itself; with one it does not.
  "meta-refresh": "off",
};
const validator = new HtmlValidate(new StaticConfigLoader({ extends: ["html-validate:recommended", "html-validate:document"], rules }));
const names = readdirSync(dir).filter((n) => n.endsWith(".html")).sort();
const told = new Map();
for (const name of names) {
  const report = await validator.validateString(readFileSync(join(dir, name), "utf8"), name);
  for (const m of report.results.flatMap((r) => r.messages)) {
    const what = `${m.ruleId}: ${m.message}`;
    told.set(what, [...(told.get(what) ?? []), `${name}:${m.line}`]);
  }
}
// The same mistake on many pages is one mistake.
for (const [what, where] of told) failures.add(`${where.slice(0, 3).join(", ")} and ${Math.max(0, where.length - 3)} more`, what);
console.log(`${names.length} pages are HTML`);
if (names.length === 0) failures.add(dir, "no pages");
failures.end();
