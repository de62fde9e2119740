// Somebody of the staff in a browser of their own, for scripts that walk through
// a real console.
import { accessible } from "./rules_of_axe.mjs";

// signedIn opens somebody's browser, with what is asked of every page they see.
export async function signedIn(open, way, link, failures) {
  const { context, page } = await open(way);
  page.setDefaultTimeout(15000);
  const at = (where) => `${way.name}, ${where}`;
  const press = async (selector) => {
    await page.focus(selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };
  const fits = async (where) => {
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) failures.add(at(where), `scrolls sideways by ${sideways}`);
  };
  // axe reads the page as it is, in English, and the same page in Spanish.
  const read = (where) => accessible(page, (what) => failures.add(at(where), what));
  const arrived = async (where, words) => {
    await page.waitForSelector("h1");
    if (!(await page.textContent("main")).includes(words)) failures.add(at(where), `does not say ${words}`);
    await fits(where);
    if (!way.javaScriptEnabled) return;
    await read(where);
    if (await page.locator("main .usa-alert--error").count()) return; // what was typed is not to be lost
    const here = page.url();
    await page.goto(`${here.split("?")[0]}?lang=es`);
    await read(`${where} in Spanish`);
    await fits(`${where} in Spanish`);
    await page.goto(`${here.split("?")[0]}?lang=en`);
  };
  await page.goto(link);
  await press("main button[type=submit]");
  return { page, at, press, arrived, close: () => context.close() };
}
