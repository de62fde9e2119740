// A rule book's way in a real console: begun with the form, mended as text,
// tried, submitted, approved by a second person, in effect. Once without any
// JavaScript on a wide screen, once on a phone with it; there every page on the
// way must also pass axe in both languages.
import { Failures, withBrowser } from "./browser.mjs";
import { signedIn } from "./staff.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const ways = [
  { name: "without JavaScript", javaScriptEnabled: false, viewport: { width: 1280, height: 800 } },
  { name: "on a phone", javaScriptEnabled: true, viewport: { width: 320, height: 700 } },
];

await withBrowser(async (open) => {
  for (const [i, way] of ways.entries()) {
    const [author, approver] = [await signedIn(open, way, base + links[2 * i], failures), await signedIn(open, way, base + links[2 * i + 1], failures)];
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
