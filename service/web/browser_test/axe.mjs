// Every page must pass axe's rules of WCAG 2.2 AA and its best practices, in
// both languages, at phone and desktop width, and in forced colours.
import { createRequire } from "node:module";
import { Failures, withBrowser } from "./browser.mjs";

const { AxeBuilder } = createRequire(import.meta.url)("@axe-core/playwright");
const [, , base, ...names] = process.argv;
const failures = new Failures();
const ways = [
  { lang: "en", width: 1280 },
  { lang: "es", width: 320 },
  { lang: "en", width: 390, forcedColors: "active", only: ["sign-in-refused", "home", "child", "preview"] },
];
let checked = 0;
await withBrowser(async (open) => {
  // All at once: a page waits more than it works.
  await Promise.all(ways.map(async ({ lang, width, forcedColors, only }) => {
    // axe adds a script of its own, which our policy would refuse.
    const { context, page } = await open({ viewport: { width, height: 800 }, forcedColors, bypassCSP: true });
    for (const name of only ?? names) {
      await page.goto(`${base}/gallery/${name}?lang=${lang}`);
      for (const d of await page.$$("details")) await d.evaluate((e) => (e.open = true));
      const result = await new AxeBuilder({ page })
        .options({ rules: { "target-size": { enabled: true } } })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      checked += result.passes.length;
      for (const v of result.violations) {
        failures.add(`${name} ${lang} ${width}`, `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(" | ")}`);
      }
    }
    await context.close();
  }));
});
console.log(`${checked} rules passed on ${names.length} pages`);
failures.end();
