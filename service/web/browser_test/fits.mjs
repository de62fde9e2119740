// What axe cannot see of a page: that nothing needs scrolling sideways on a phone
// or with wide letter spacing, and that the focus is always visible and never
// hidden.

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

// fits tells add what is wrong with a page of that width.
export async function fits(page, lang, width, add) {
  if ((await page.locator("h1").count()) !== 1) add("not exactly one h1");
  if ((await page.getAttribute("html", "lang")) !== lang) add("the page does not name its language");
  if ((await page.evaluate(sideways)) > 0) add("scrolls sideways");
  if (width === 320) for (const cut of await page.evaluate(cutOff)) add(`is cut off on a phone: ${cut}`);
  // Where a form was refused, the focus begins in the summary of what is wrong.
  const least = (await page.locator("#errors").count()) > 0 ? 1 : 3;
  if ((await stops(page, add)) < least) add("hardly anything can be reached with the keyboard");
}

// widely tells add what needs scrolling sideways when a page is read with wide
// spacing; the page stays so.
export async function widely(page, add) {
  await page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
  }, spacing);
  if ((await page.evaluate(sideways)) > 0) add("scrolls sideways with wide spacing");
}
