// A correction in a real console, with the keyboard alone: the maker finds a
// deposit on a child's page, says how it should have been booked, sees what that
// would do and asks; another person finds it in the queue and approves with "a".
// Every page on the way must fit a phone and pass axe.
import { Failures, withBrowser } from "./browser.mjs";
import { accessible } from "./rules_of_axe.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const ways = [
  { name: "at a desk", viewport: { width: 1280, height: 800 } },
  { name: "on a phone", viewport: { width: 320, height: 700 } },
];

await withBrowser(async (open) => {
  for (const [i, way] of ways.entries()) {
    const [maker, checker] = [await signedIn(open, way, links[2 * i]), await signedIn(open, way, links[2 * i + 1])];
    await maker.page.goto(`${base}/p/riverbend/children`);
    const children = await maker.page.$$eval("main table th a", (all) => all.map((a) => a.href));
    let to = "";
    for (const child of children) {
      await maker.page.goto(child);
      const found = await maker.page.$$eval("main a[href*='/journal/']", (all) => all.map((a) => a.href));
      for (const tx of found) {
        await maker.page.goto(tx);
        if (await maker.page.locator("a[href$='/correct']").count()) to = tx;
        if (to) break;
      }
      if (to) break;
    }
    await maker.page.goto(to);
    await maker.arrived("a transaction", "Correct this");
    await maker.press("a[href$='/correct']");
    await maker.arrived("the form", "As it should have been");
    const amount = Number(await maker.page.inputValue("#amount"));
    await maker.page.selectOption("#mistake", "wrong_amount");
    await maker.page.fill("#amount", String(amount + 1));
    await maker.press("button[value=preview]");
    await maker.arrived("no reason given", "Say why");
    await maker.page.fill("#reason", "The slip says one dollar more.");
    await maker.press("button[value=preview]");
    await maker.arrived("what it would do", "Before and after");
    await maker.press("button[value=ask]");
    await maker.arrived("asked for", "You asked for this");
    const request = new URL(maker.page.url()).pathname;

    await checker.page.goto(`${base}/approvals`);
    await checker.arrived("the queue", "Correction of a posting");
    await checker.press(`main a[href='${request}']`);
    await checker.arrived("the request", "The slip says one dollar more.");
    await checker.page.focus("h1, main");
    await checker.page.keyboard.press("a");
    const here = await checker.page.evaluate(() => document.activeElement?.closest("form")?.getAttribute("action") ?? "");
    if (!here.endsWith("/approve")) failures.add(checker.at("the key a"), `it leads to ${here || "nowhere"}`);
    await Promise.all([checker.page.waitForNavigation(), checker.page.keyboard.press("Enter")]);
    await checker.arrived("done", "It was approved and done.");
    await maker.page.goto(to);
    await maker.arrived("corrected", "Taken back by");
    await maker.close();
    await checker.close();
  }
});
failures.end();

// signedIn opens somebody's browser, with what is asked of every page they see.
async function signedIn(open, way, link) {
  const { context, page } = await open(way);
  page.setDefaultTimeout(15000);
  const at = (where) => `${way.name}, ${where}`;
  const press = async (selector) => {
    await page.focus(selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };
  const arrived = async (where, words) => {
    await page.waitForSelector("h1");
    if (!(await page.textContent("main")).includes(words)) failures.add(at(where), `does not say ${words}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) failures.add(at(where), `scrolls sideways by ${sideways}`);
    await accessible(page, (what) => failures.add(at(where), what));
  };
  await page.goto(base + link);
  await press("main button[type=submit]");
  return { page, at, press, arrived, close: () => context.close() };
}
