// What axe cannot see: that nothing needs scrolling sideways on a phone or
// with wide letter spacing, that the focus is always visible and never hidden,
// that no page breaks our own security policy, and what a page weighs.
import { Failures, withBrowser } from "./browser.mjs";

const [, , base, budget, ...names] = process.argv;
const failures = new Failures();

// Reading with WCAG 1.4.12's spacing.
const spacing = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }";

const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

// cutOff are the pieces that stick out of a phone's page, also of what is folded
// away. A list is cards there and scrolls nowhere; what scrolls by itself, as a
// text with its lines, may.
const cutOff = () => {
  const folded = [...document.querySelectorAll("main details:not([open])")];
  for (const d of folded) d.open = true;
  const out = [...document.querySelectorAll("main *")]
    .filter((e) => {
      const scrolls = e.closest("pre, textarea, .sb-source, .sb-code, .sb-numbered, .sb-picture__frame, svg");
      const box = e.getBoundingClientRect();
      return !scrolls && box.width > 1 && box.right > document.documentElement.clientWidth + 1;
    })
    .slice(0, 2)
    .map((e) => e.outerHTML.slice(0, 90));
  for (const d of folded) d.open = false;
  return out;
};

// stops walks through the page with the Tab key and tells every stop that shows
// no focus, or lies under something else.
async function stops(page, add) {
  const seen = new Set();
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
      return {
        what: e.outerHTML.slice(0, 90),
        path: [...document.querySelectorAll("*")].indexOf(e),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
        covered: at !== null && at !== e && !e.contains(at) && !at.contains(e),
      };
    });
    if (stop === null || seen.has(stop.path)) break;
    seen.add(stop.path);
    if (!stop.ring) add(`no visible focus on ${stop.what}`);
    if (!stop.seen || stop.covered) add(`focus is hidden on ${stop.what}`);
  }
  return seen.size;
}

await withBrowser(async (open) => {
  // Both at once: a page waits more than it works.
  await Promise.all([["es", 320], ["en", 1280]].map(async ([lang, width]) => {
    const { context, page } = await open({ viewport: { width, height: 800 }, reducedMotion: "reduce" });
    let where = "";
    page.on("console", (m) => {
      if (m.type() === "error" || m.type() === "warning") failures.add(where, `console: ${m.text()}`);
    });
    page.on("pageerror", (e) => failures.add(where, `script: ${e.message}`));
    const titles = new Set();
    for (const name of names) {
      where = `${name} ${lang} ${width}`;
      const add = (what) => failures.add(where, what);
      await page.goto(`${base}/gallery/${name}?lang=${lang}`);
      await page.evaluate(() => document.fonts.ready);
      titles.add(await page.title());
      if ((await page.locator("h1").count()) !== 1) add("not exactly one h1");
      if ((await page.getAttribute("html", "lang")) !== lang) add("the page does not name its language");
      if ((await page.evaluate(sideways)) > 0) add("scrolls sideways");
      if (width === 320) for (const cut of await page.evaluate(cutOff)) add(`is cut off on a phone: ${cut}`);
      // Where a form was refused, the focus begins in the summary of what is wrong.
      const least = (await page.locator("#errors").count()) > 0 ? 1 : 3;
      if ((await stops(page, add)) < least) add("hardly anything can be reached with the keyboard");
      await page.evaluate((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets.push(sheet);
      }, spacing);
      if (width === 320 && (await page.evaluate(sideways)) > 0) add("scrolls sideways with wide spacing");
    }
    await context.close();
  }));

  // What a first visit loads, as it travels.
  const { context, page } = await open({});
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
  for (const name of names) {
    bytes = 0;
    await session.send("Network.clearBrowserCache");
    await page.goto(`${base}/gallery/${name}`, { waitUntil: "networkidle" });
    if (bytes > Number(budget)) failures.add(name, `weighs ${bytes} bytes, more than ${budget}`);
    if (name === "home") console.log(`home weighs ${bytes} bytes on a first visit`);
  }
  await context.close();

  // Work in progress renews itself where there is JavaScript …
  const { context: live, page: watching } = await open({});
  await watching.goto(`${base}/gallery/run`);
  await watching.waitForSelector("text=All done", { timeout: 15000 }).catch(() => failures.add("run", "progress does not renew itself"));
  await live.close();
  // … and offers a link and a reload where there is none.
  const { context: plain, page: still } = await open({ javaScriptEnabled: false });
  await still.goto(`${base}/gallery/run`);
  if ((await still.locator(".sb-progress a").count()) !== 1) failures.add("run", "no link to refresh without JavaScript");
  await plain.close();
});
failures.end();
