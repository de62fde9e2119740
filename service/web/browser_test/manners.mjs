// What neither axe nor the walk with the keyboard sees of a page: that the keyboard
// passes through in the order of reading and is caught nowhere, that the way past
// the navigation works, that the focus is seen in pixels, that text of twice the
// size and paper hold everything, and that longer words have room on a phone. One
// page is wrong in all of this, and has to be found out.
import { Failures, inHands, withBrowser } from "./browser.mjs";
import { differs } from "./pixels.mjs";
import { accessible } from "./rules_of_axe.mjs";

const [, , base, ...names] = process.argv;
const failures = new Failures();
const wrong = new Set(); // what was found on the page that is wrong

// inOrder walks with the Tab key and tells what it does not reach, or reaches in
// another order than the text's. The page itself notes the stops, so that a step
// costs one message.
async function inOrder(page, add) {
  const presses = await page.evaluate(() => {
    const able = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
    const stops = [...document.querySelectorAll(able)].filter((e) => e.tabIndex >= 0 && !e.disabled && !e.closest("[inert]") && e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0)
      // Of radio buttons of one name the keyboard stops at one.
      .filter((e, i, all) => e.type !== "radio" || e === (all.find((o) => o.type === "radio" && o.name === e.name && o.checked) ?? all.find((o) => o.type === "radio" && o.name === e.name)));
    window.walk = { stops, at: [] };
    document.addEventListener("focusin", (e) => walk.at.at(-1) !== e.target && walk.at.push(e.target));
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    walk.at = [];
    // A day's field has parts of its own.
    return stops.length + 1 + 4 * stops.filter((e) => ["date", "month", "time"].includes(e.type)).length;
  });
  for (let i = 0; i < presses; i++) await page.keyboard.press("Tab");
  const found = await page.evaluate(() => {
    const { stops, at } = walk;
    const says = (e) => e?.outerHTML.slice(0, 90) ?? "nothing";
    const out = [];
    const first = stops.findIndex((e, i) => at[i] !== e);
    if (first >= 0) out.push(at.includes(stops[first]) ? ["order", `after ${says(at[first - 1])} the keyboard comes to ${says(at[first])}`] : ["trap", `the keyboard does not reach ${says(stops[first])}`]);
    for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) out.push(["order", `${says(e)} comes out of its turn`]);
    const main = stops.filter((e) => e.closest("main") && !e.closest("table"));
    for (let i = 1; i < main.length; i++) {
      const a = main[i - 1].getBoundingClientRect();
      const b = main[i].getBoundingClientRect();
      if (b.bottom <= a.top + 2 && b.left < a.right - 2) out.push(["reading", `the keyboard goes up from ${says(main[i - 1])} to ${says(main[i])}`]);
    }
    if (!stops[0]?.matches(".usa-skipnav")) out.push(["skip", `the first stop is ${says(stops[0])}`]);
    return out;
  });
  for (const [kind, what] of found) add(kind, what);
}

// skips follows the way past the navigation.
async function skips(page, add) {
  const link = page.locator(".usa-skipnav");
  if ((await link.count()) === 0) return;
  await link.focus();
  await page.keyboard.press("Enter");
  if (!(await page.evaluate(() => document.activeElement?.matches("main")))) add("skip", "the way past the navigation does not lead to the text");
}

// shows compares how a stop looks with and without the focus, one of each kind.
const seen = new Map();
async function shows(page, mode, add) {
  const kinds = await page.evaluate(() => walk.stops.map((e, i) => [i, `${e.tagName} ${e.type ?? ""} ${e.className} ${e.closest(".sb-header") ? "in the header" : ""}`]));
  for (const [i, kind] of kinds) {
    if (seen.has(mode + kind)) continue;
    seen.set(mode + kind, true);
    const box = await page.evaluate((i) => {
      document.activeElement?.blur();
      const e = walk.stops[i];
      e.scrollIntoView({ block: "center", behavior: "instant" });
      // A checkbox is drawn by its label.
      const drawn = e.matches(".usa-checkbox__input, .usa-radio__input") ? e.labels[0] : e;
      const { x, y, width, height } = drawn.getBoundingClientRect();
      return { x: Math.max(0, x - 6), y: Math.max(0, y - 6), width: Math.min(width + 12, 600), height: Math.min(height + 12, 200) };
    }, i);
    if (kind.includes("usa-skipnav")) continue; // is there only with the focus
    const clip = { clip: box, caret: "hide", animations: "disabled" };
    const before = await page.screenshot(clip);
    await page.evaluate((i) => walk.stops[i].focus({ focusVisible: true, preventScroll: true }), i);
    const changed = differs(before, await page.screenshot(clip));
    // As much as a line of a pixel all around; around the box of a checkbox only.
    const least = kind.includes("usa-checkbox") ? 60 : 2 * (box.width + box.height - 24);
    if (changed < least) add("focus", `with the focus, ${changed} pixels of ${kind} stand out, want ${Math.round(least)} (${mode})`);
  }
}

// cut are pieces of text that their own frame cuts off.
const cut = () => [...document.querySelectorAll("body *")]
  .filter((e) => {
    const style = getComputedStyle(e);
    const hides = (o) => o === "hidden" || o === "clip";
    return e.textContent.trim() && e.checkVisibility() && style.clip === "auto" && style.clipPath === "none" && !e.closest("svg, .usa-sr-only, select, .sb-picture__frame, .sb-numbers") &&
      (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1 || hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1);
  })
  .slice(0, 2).map((e) => e.outerHTML.slice(0, 90));

const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

// enlarged reads the page with text of twice the size.
async function enlarged(page, add) {
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  for (const what of await page.evaluate(cut)) add("enlarged", `at 200 % this is cut off: ${what}`);
  if ((await page.evaluate(sideways)) > 0) add("enlarged", "at 200 % the page scrolls sideways");
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
}

// printed looks at the page as paper gets it.
async function printed(page, add) {
  await page.emulateMedia({ media: "print" });
  const found = await page.evaluate(() => {
    const out = [];
    const there = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
    for (const e of document.querySelectorAll("nav.sb-nav, nav.usa-breadcrumb, nav:not([class]), .sb-header__tools, .usa-skipnav, .usa-button, .sb-pager")) if (there(e)) out.push(`paper shows ${e.outerHTML.slice(0, 70)}`);
    for (const e of document.querySelectorAll("main *")) {
      if (!there(e) || e.closest("textarea, select, input, iframe, svg, .usa-sr-only, .sb-picture__frame")) continue;
      const style = getComputedStyle(e);
      const cuts = style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 || style.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 1;
      if (cuts || e.getBoundingClientRect().right > innerWidth + 1) out.push(`paper cuts off ${e.outerHTML.slice(0, 70)}`);
    }
    return out.slice(0, 3);
  });
  for (const what of found) add("print", what);
  await page.emulateMedia({ media: "screen" });
}

// look opens the pages that come next, each with what is to be seen of it.
const look = (open, options, query, see) => async (next) => {
  const { context, page } = await open(options);
  for (const name of next()) {
    await page.goto(`${base}/gallery/${name}?${query}`);
    await page.evaluate(() => document.fonts.ready);
    await see(page, name, (kind, what) => (name === "wrong" ? wrong.add(kind) : failures.add(`${name} (${kind})`, what)));
  }
  await context.close();
};

const began = Date.now();
const took = (what) => process.env.TIMES && console.log(what, Date.now() - began);
await withBrowser(async (open) => {
  const desk = look(open, { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" }, "lang=en", async (page, name, add) => {
    await inOrder(page, add);
    await shows(page, "light", add);
    await skips(page, add);
    await enlarged(page, add);
  });
  const forced = look(open, { viewport: { width: 1280, height: 900 }, forcedColors: "active", reducedMotion: "reduce" }, "lang=en", async (page, name, add) => {
    await inOrder(page, () => {});
    await shows(page, "forced colors", add);
  });
  const paper = look(open, { viewport: { width: 720, height: 960 } }, "lang=es", async (page, name, add) => printed(page, add));
  const longer = look(open, { viewport: { width: 320, height: 800 } }, "longer=yes", async (page, name, add) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    if ((await page.evaluate(sideways)) > 0) add("longer", "with longer words a phone scrolls sideways");
    for (const what of await page.evaluate(cut)) add("longer", `with longer words this is cut off: ${what}`);
  });
  const dark = look(open, { viewport: { width: 390, height: 800 }, colorScheme: "dark" }, "lang=es", async (page, name, add) => accessible(page, (what) => add(what.startsWith("target-size") ? "target" : "dark", what)));
  await Promise.all([inHands(2, names, desk).then(() => took("desk")), inHands(1, names, paper).then(() => took("paper")), inHands(1, names, longer).then(() => took("longer"))]);
  const few = (wanted) => names.filter((n) => wanted.includes(n));
  await Promise.all([inHands(1, few(["wrong", "sign-in-refused", "home", "children", "child-file", "rule-form", "pictures"]), forced), inHands(1, few(["wrong", "sign-in-refused", "home", "child", "preview", "error-404", "error-500"]), dark)]);
  took("few");

  // A page in progress does not swallow another page: not that of an error, and not
  // the sign-in's when the session has ended.
  if (names.includes("run")) {
    const { context, page } = await open({});
    await page.goto(`${base}/gallery/run`);
    await page.waitForResponse((r) => r.status() === 404);
    await page.waitForTimeout(200);
    if ((await page.locator("h1").count()) !== 1) failures.add("run", "a page of an error stands within the page");
    await context.addCookies([{ name: "ended", value: "yes", url: base }]);
    await page.waitForEvent("load", { timeout: 15000 }).catch(() => failures.add("run", "the page does not notice that the session has ended"));
    if ((await page.locator("h1").count()) !== 1) failures.add("run", "the sign-in stands within the page");
    await context.close();
  }
});
for (const kind of ["order", "trap", "reading", "skip", "focus", "enlarged", "print", "longer", "dark", "target"]) {
  if (names.includes("wrong") && !wrong.has(kind)) failures.add("wrong", `nothing was found out about ${kind}`);
}
console.log(`${names.length} pages, ${seen.size} kinds of stops`);
failures.end();
