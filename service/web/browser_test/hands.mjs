// Somebody who uses the console with the keyboard alone: every field and button
// is come to with Tab, and sent with Enter.
import { accessible } from "./rules_of_axe.mjs";

const mostTabs = 400;

// person signs somebody in by a link, and returns their hands.
export async function person(open, way, base, link, failures) {
  const { context, page } = await open(way);
  page.setDefaultTimeout(20000);
  const at = (where) => `${way.name}, ${where}`;
  page.on("pageerror", (e) => failures.add(at(page.url()), e.message));

  // reach presses Tab until what a selector names has the focus.
  const reach = async (selector) => {
    await page.waitForSelector(selector, { state: "attached" }).catch((e) => {
      failures.add(at(page.url()), `has no ${selector}: ${e.message.split("\n")[0]}`);
      failures.end(); // what went wrong before says why
      throw e;
    });
    for (let n = 0; n < mostTabs; n++) {
      if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(at(`${page.url()}: Tab does not come to ${selector}`));
  };
  const press = async (selector) => {
    await reach(selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };
  const tick = async (selector) => {
    await reach(selector);
    await page.keyboard.press("Space");
  };
  // type writes over whatever a field says.
  const type = async (selector, text) => {
    await reach(selector);
    const date = await page.evaluate(() => document.activeElement.type === "date");
    if (!date) await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(text);
  };
  const key = async (name) => {
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press(name);
  };
  const says = async (where, ...words) => {
    await page.waitForSelector("h1");
    const text = await page.textContent("main");
    for (const w of words) if (!text.includes(w)) failures.add(at(where), `does not say ${w}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) failures.add(at(where), `scrolls sideways by ${sideways}`);
  };
  const sound = (where) => accessible(page, (what) => failures.add(at(where), what));
  const go = (path) => page.goto(path.startsWith("http") ? path : base + path);
  await go(link);
  await press("main button[type=submit]");
  return { page, at, reach, press, tick, type, key, says, sound, go, path: () => new URL(page.url()).pathname, close: () => context.close() };
}
