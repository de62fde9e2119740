// Somebody signs in at the organization's own sign-in and comes back signed in,
// with JavaScript and without, and shows it once more when asked.
import { Failures, withBrowser } from "./browser.mjs";

const [, , base] = process.argv;
const failures = new Failures();

await withBrowser(async (open) => {
  for (const javaScriptEnabled of [true, false]) {
    const where = javaScriptEnabled ? "with JavaScript" : "without JavaScript";
    const { context, page } = await open({ viewport: { width: 1280, height: 800 }, javaScriptEnabled });
    page.setDefaultTimeout(15000);
    await page.goto(`${base}/sign-in?next=/account/security`);
    await page.click("a[href^='/sign-in/provider']");
    await page.click("text=I am Rosa");
    await page.waitForURL(`${base}/account/security`);
    if (!(await page.textContent("header")).includes("Rosa Delgado")) failures.add(where, "signed in as nobody");
    if (!(await page.textContent("main")).includes("City of Riverbend signs you in")) failures.add(where, "the page does not say that it is connected");
    const left = (await context.cookies(base)).filter((c) => c.name === "csa-away" || c.sameSite !== "Strict");
    if (left.length) failures.add(where, `cookies left: ${JSON.stringify(left)}`);
    await context.close();
  }
});
failures.end();
