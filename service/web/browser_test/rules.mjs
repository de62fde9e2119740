// A rule book's way in a real console: begun with the form, mended as text,
// tried, submitted, approved by a second person, in effect. Once without any
// JavaScript on a wide screen, once on a phone with it; there every page on the
// way must also pass axe in both languages.
import { createRequire } from "node:module";
import { Failures, withBrowser } from "./browser.mjs";

const { AxeBuilder } = createRequire(import.meta.url)("@axe-core/playwright");
const [, , base, ...links] = process.argv;
const failures = new Failures();
const ways = [
  { name: "without JavaScript", javaScriptEnabled: false, viewport: { width: 1280, height: 800 } },
  { name: "on a phone", javaScriptEnabled: true, viewport: { width: 320, height: 700 }, bypassCSP: true },
];

await withBrowser(async (open) => {
  for (const [i, way] of ways.entries()) {
    const [author, approver] = [await signedIn(open, way, links[2 * i]), await signedIn(open, way, links[2 * i + 1])];
    const seed = `${71 + i}.00`;

    await author.page.goto(`${base}/p/riverbend/rules`);
    await author.arrived("list", "In effect");
    await author.page.selectOption("#from", "book:1");
    await author.press("button[value=form]");
    await author.arrived("form", "First deposit");
    await author.page.fill("#seed_amount", "fifty");
    await author.press("main form button[type=submit]");
    await author.arrived("a wrong amount", "Please check this page");
    await author.page.fill("#seed_amount", seed);
    await author.press("main form button[type=submit]");
    await author.arrived("examples that fail", "do not come out as they say");
    const book = new URL(author.page.url()).pathname;

    await author.page.goto(`${base}${book}/text`);
    const text = await author.page.inputValue("#source");
    await author.page.fill("#source", text.replace("benefits:", "benefitz:"));
    await author.press("button[value=stay]");
    await author.arrived("a problem", "benefitz");
    const problem = "#errors a:has-text('“benefitz”') >> nth=0";
    const line = await author.page.getAttribute(problem, "href");
    if (!(await author.page.textContent(line)).includes("benefitz")) failures.add(author.at("a problem"), `${line} is another line`);
    if (way.javaScriptEnabled) {
      await author.page.click(problem);
      const chosen = await author.page.evaluate(() => {
        const area = document.activeElement;
        return area.value.slice(area.selectionStart, area.selectionEnd);
      });
      if (!chosen.includes("benefitz")) failures.add(author.at("a problem"), `its link selects ${chosen}`);
    }
    const mended = text.replace("benefit: seed, amount: 50.00", `benefit: seed, amount: ${seed}`).replace("amount: 125.00", `amount: ${75 + Number(seed)}.00`);
    await author.page.fill("#source", mended);
    await author.press("button[value=book]");
    await author.arrived("mended", "examples come out right");
    await author.arrived("lint", "Worth a second look");

    await author.page.goto(`${base}${book}/try`);
    await author.press("form[action$='/try'] button");
    for (let n = 0; n < 100 && !(await author.page.textContent("main")).includes("Tried by"); n++) {
      await author.page.waitForTimeout(200);
      await author.page.goto(`${base}${book}/try`);
    }
    await author.arrived("tried", "By benefit");

    await author.page.goto(base + book);
    await author.page.fill("#submit_note", "A larger first deposit.");
    await author.press("form[action$='/submit'] button");
    await author.arrived("submitted", "waits for a second person");

    await approver.page.goto(base + book);
    await approver.arrived("to approve", "A larger first deposit.");
    await approver.arrived("what changes", `$${seed}`);
    await approver.press("form[action$='/approve'] button");
    await approver.arrived("in effect", "In effect since");

    await author.page.goto(`${base}/p/riverbend/children`);
    await author.press("main table th a >> nth=0");
    await author.press(".sb-award__amount a >> nth=0");
    await author.arrived("an explanation", "How the amount comes about");
    await author.close();
    await approver.close();
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
  const fits = async (where) => {
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) failures.add(at(where), `scrolls sideways by ${sideways}`);
  };
  // axe reads the page as it is, in English, and the same page in Spanish.
  const accessible = async (where) => {
    const result = await new AxeBuilder({ page })
      .options({ rules: { "target-size": { enabled: true } } })
      .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
      .analyze();
    for (const v of result.violations) failures.add(at(where), `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html).join(" | ")}`);
  };
  const arrived = async (where, words) => {
    await page.waitForSelector("h1");
    if (!(await page.textContent("main")).includes(words)) failures.add(at(where), `does not say ${words}`);
    await fits(where);
    if (!way.javaScriptEnabled) return;
    await accessible(where);
    if (await page.locator("main .usa-alert--error").count()) return; // what was typed is not to be lost
    const here = page.url();
    await page.goto(`${here.split("?")[0]}?lang=es`);
    await accessible(`${where} in Spanish`);
    await fits(`${where} in Spanish`);
    await page.goto(`${here.split("?")[0]}?lang=en`);
  };
  await page.goto(base + link);
  await press("main button[type=submit]");
  return { page, at, press, arrived, close: () => context.close() };
}
