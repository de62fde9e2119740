// What a director asks of a rule book in a real console: what it will cost, what
// a change would, what agencies report, what the monthly re-performance found and
// who is in a class. Once without any JavaScript on a wide screen, once on a
// phone with it; there every page on the way must also pass axe in both languages.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failures, withBrowser } from "./browser.mjs";
import { signedIn } from "./staff.mjs";

const [, , base, dir, ...links] = process.argv;
const failures = new Failures();
const ways = [
  { name: "without JavaScript", javaScriptEnabled: false, viewport: { width: 1280, height: 800 } },
  { name: "on a phone", javaScriptEnabled: true, viewport: { width: 320, height: 700 } },
];

await withBrowser(async (open) => {
  for (const [i, way] of ways.entries()) {
    const staff = await signedIn(open, way, base + links[i], failures);
    const { page } = staff;
    const program = `${base}/p/riverbend`;
    const until = async (words) => {
      for (let n = 0; n < 100 && !(await page.textContent("main")).includes(words); n++) {
        await page.waitForTimeout(200);
        await page.goto(page.url().split("?")[0]);
      }
    };

    await page.goto(`${program}/forecast`);
    await page.fill("#seed", "zero");
    await staff.press("form[action$='/forecast'] button");
    await staff.arrived("a wrong number", "Please check this page");
    await page.fill("#seed", `${i + 5}`);
    await staff.press("form[action$='/forecast'] button");
    await until("Made by");
    await staff.arrived("a forecast", `from the number ${i + 5}`);
    await page.click(".sb-chart summary >> nth=0");
    await staff.arrived("its table", "Sampling error");

    await page.selectOption("#term", "match.amount.ratio");
    await page.fill("#value", "much");
    await staff.press("form[action$='/changes'] button");
    await staff.arrived("a wrong ratio", "Write a ratio above 0");
    await page.fill("#value", `0.${5 + i}`);
    await staff.press("form[action$='/changes'] button");
    await until("Added in all");
    await staff.arrived("what a change costs", "Runs dry then");
    await page.goto(`${program}/forecast`);
    await staff.arrived("the changes asked about", "Changes whose cost was asked");

    await page.goto(`${program}/children`);
    await staff.press("main table th a >> nth=0");
    const child = new URL(page.url()).pathname;
    const account = (await page.textContent("main")).match(/Account\s*(\d[\d-]+)/)[1];
    await page.goto(`${program}/facts`);
    await staff.arrived("facts", "Import a file of facts");
    const send = async (name, value) => {
      const file = join(dir, name);
      writeFileSync(file, `account,fact,event,value,from,reference\n${account},${value},2026-09-01,W${i}\n`);
      await page.goto(`${program}/imports/new/facts`);
      await page.setInputFiles("#file", file);
      await page.fill("#source", "County");
      await staff.press("form[action$='/imports/new/facts'] button");
    };
    await send("wrong.csv", "shoe_size,,41");
    await staff.arrived("a wrong file", "rows as CSV");
    await send(`county-${i}.csv`, "residence,,Harbor View");
    await staff.press("form[action$='/record'] button");
    await staff.arrived("recorded", "Undo this import");
    await page.goto(`${program}/facts`);
    await staff.arrived("on record", `county-${i}.csv`);
    await page.goto(`${base}${child}/facts`);
    await staff.arrived("a child's facts", "Known since");

    await page.goto(`${program}/jobs`);
    await page.selectOption("#job", "reperform");
    await staff.press("form[action$='/jobs'] button");
    await until("Done");
    await page.goto(`${program}/findings`);
    await staff.arrived("findings", "children were looked at");
    await page.goto(`${program}/classes`);
    await staff.arrived("classes", "No rule book names a class");
    await staff.close();
  }
});
failures.end();
