// Every page, in both languages, at phone and desktop width: axe, what axe cannot
// see, that no page breaks our own security policy, and what a page weighs. Each
// is loaded once a width for all of them.
import { Failures, inHands, withBrowser } from "./browser.mjs";
import { fits, widely } from "./fits.mjs";
import { accessible } from "./rules_of_axe.mjs";

const [, , base, budget, ...names] = process.argv;
const failures = new Failures();
const forced = ["sign-in-refused", "home", "child", "preview"].filter((n) => names.includes(n));
let passed = 0;

// look opens each page that comes next in a context of its own and gives it to see.
const look = (open, options, lang) => (see) => async (next) => {
  const { context, page } = await open(options);
  const debug = await context.newCDPSession(page);
  await debug.send("Network.enable");
  let where = "";
  let bytes = 0;
  const add = (what) => failures.add(where, what);
  debug.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
  page.on("console", (m) => {
    if (m.type() === "error" || m.type() === "warning") add(`console: ${m.text()}`);
  });
  page.on("pageerror", (e) => add(`script: ${e.message}`));
  for (const name of next()) {
    where = `${name} ${lang} ${options.viewport.width}`;
    bytes = 0;
    // What a first visit loads, as it travels.
    await debug.send("Network.clearBrowserCache");
    await page.goto(`${base}/gallery/${name}?lang=${lang}`);
    await page.evaluate(() => document.fonts.ready);
    if (bytes > Number(budget)) add(`weighs ${bytes} bytes, more than ${budget}`);
    if (name === "home" && options.viewport.width === 320) console.log(`home weighs ${bytes} bytes on a first visit`);
    await see(page, add);
  }
  await context.close();
};

// opened reads a page from its top with everything unfolded.
async function opened(page, add) {
  await page.evaluate(() => {
    for (const d of document.querySelectorAll("details")) d.open = true;
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  passed += await accessible(page, add);
}

await withBrowser(async (open) => {
  const options = (width, more) => ({ viewport: { width, height: 800 }, reducedMotion: "reduce", ...more });
  const phone = look(open, options(320), "es")(async (page, add) => {
    await fits(page, "es", 320, add);
    await opened(page, add);
    await widely(page, add);
  });
  const desk = look(open, options(1280), "en")(async (page, add) => {
    await fits(page, "en", 1280, add);
    await opened(page, add);
  });
  const colors = look(open, options(390, { forcedColors: "active" }), "en")(async (page, add) => {
    await opened(page, add);
  });
  await Promise.all([inHands(2, names, phone), inHands(2, names, desk), inHands(1, forced, colors)]);

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
console.log(`${passed} rules of axe passed on ${names.length} pages`);
failures.end();
