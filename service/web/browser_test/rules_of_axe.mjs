// axe's rules of WCAG 2.2 AA and its best practices.
import axe from "axe-core";

const options = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"], // of what passes, only that it does
};

// accessible tells add what axe finds on a page and counts the rules that
// passed. It is put in by the debugger, which our policy does not bind, so that
// the page keeps its policy.
export async function accessible(page, add) {
  const debug = await page.context().newCDPSession(page);
  const expression = `${axe.source};
    axe.run(document, ${JSON.stringify(options)}).then((r) => ({
      passes: r.passes.length,
      violations: r.violations.map((v) => ({ id: v.id, help: v.help, html: v.nodes.slice(0, 3).map((n) => n.html) })),
    }))`;
  const { result, exceptionDetails } = await debug.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  await debug.detach();
  if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  for (const v of result.value.violations) add(`${v.id}: ${v.help}: ${v.html.join(" | ")}`);
  return result.value.passes;
}
