// Single keys in a real console: they lead to places, to the search and along a
// list, do nothing in a field, and can be switched off. Then the guides: their
// pictures are real pages that take no focus.
import { Failures, withBrowser } from "./browser.mjs";
import { signedIn } from "./staff.mjs";

const [, , base, link] = process.argv;
const failures = new Failures();
await withBrowser(async (open) => {
  const way = { name: "at a desk", viewport: { width: 1280, height: 800 }, javaScriptEnabled: true };
  const { page, arrived, close } = await signedIn(open, way, base + link, failures);
  const says = (what, ok) => ok || failures.add("keys", what);
  const go = async (...keys) => {
    const leaves = page.waitForURL(() => true, { waitUntil: "load" });
    for (const key of keys) await page.keyboard.press(key);
    await leaves;
    await page.waitForTimeout(300);
  };
  const path = () => new URL(page.url()).pathname;
  await page.goto(`${base}/p/riverbend`);
  await go("g", "c");
  await page.waitForURL(/children$/);
  await page.keyboard.press("/");
  says("/ does not lead to the search", (await page.evaluate(() => document.activeElement.name)) === "q");
  await page.keyboard.type("g?j");
  says("letters in a field lead away", path().endsWith("/children") && (await page.inputValue("[name=q]")) === "g?j");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.evaluate(() => document.activeElement.getAttribute("href"));
  const rows = await page.$$eval("main .sb-table tbody th a", (all) => all.map((a) => a.getAttribute("href")));
  says(`j and j lead to ${second}, want ${rows[1]}`, second === rows[1]);
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}${rows[0]}`);
  await page.keyboard.press("?");
  await page.waitForURL(/help\/keyboard$/);
  await arrived("the keyboard's help", "Single keys");
  await page.goto(`${base}/help/keyboard`);
  await page.focus("[data-keys-switch]");
  await page.keyboard.press("Enter");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.waitForTimeout(300);
  says("keys that are switched off lead away", path() === "/help/keyboard");
  await page.goto(`${base}/help/guides/approver`);
  const frames = await page.$$eval("iframe", (all) => all.map((f) => [f.inert, f.getBoundingClientRect().width]));
  says(`pictures are ${JSON.stringify(frames)}`, frames.length >= 5 && frames.every(([inert]) => inert));
  const inside = page.frames().find((f) => f.url().includes("/pictures/"));
  says("a picture is empty", inside && (await inside.textContent("h1")).length > 0);
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement.tagName)) === "IFRAME") failures.add("keys", "a picture takes the focus");
  }
  await close();
});
failures.end();
