// Takes a picture of every page at phone and desktop width, in both languages.
import { mkdirSync } from "node:fs";
import { withBrowser } from "./browser.mjs";

const [, , base, dir, ...names] = process.argv;
const only = process.env.ONLY ? process.env.ONLY.split(",") : null;
mkdirSync(dir, { recursive: true });
await withBrowser(async (open) => {
  for (const [width, lang] of [[390, "en"], [1280, "en"], [320, "es"], [1280, "es"]]) {
    const { context, page } = await open({ viewport: { width, height: 800 } });
    for (const name of names) {
      if (only && !only.includes(name)) continue;
      await page.goto(`${base}/gallery/${name}?lang=${lang}`);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: `${dir}/${name}-${width}-${lang}.png`, fullPage: true });
    }
    await context.close();
  }
});
