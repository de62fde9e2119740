// Reads an ACH file with a parser that shares no code with ours, adds the
// entries up anew and says what the controls should be.
const { createRequire } = require('node:module')
const nacha = createRequire(process.argv[3] + '/')('@midlandsbank/node-nacha')
const text = require('node:fs').readFileSync(process.argv[2], 'utf8')
try {
	const { data } = nacha.from(text)
	const wrong = []
	const hold = (what, said, found) => said === found || wrong.push(`${what}: ${said}, but ${found}`)
	let entries = 0, hash = 0, credit = 0
	for (const b of data.batches) {
		let h = 0, c = 0
		for (const e of b.entries) {
			h += e.receivingDFIIdentification
			c += e.amount
			const digits = String(e.receivingDFIIdentification).padStart(8, '0') + e.checkDigit
			const sum = [...digits].reduce((s, d, i) => s + d * [3, 7, 1][i % 3], 0)
			hold('routing check digit of ' + digits, 0, sum % 10)
		}
		hold('batch entries', b.footer.entryAndAddendaCount, b.entries.length)
		hold('batch hash', b.footer.entryHash, h % 1e10)
		hold('batch credit', b.footer.totalCredit, c)
		hold('batch debit', b.footer.totalDebit, 0)
		entries += b.entries.length
		hash += h
		credit += c
	}
	const f = data.file.footer
	hold('batches', f.batchCount, data.batches.length)
	hold('entries', f.entryAndAddendaCount, entries)
	hold('hash', f.entryHash, hash % 1e10)
	hold('credit', f.totalCredit, credit)
	hold('blocks', f.blockCount * 10, text.trimEnd().split('\n').length)
	console.log(wrong.length ? wrong.join('\n') : `right ${entries} ${credit}`)
} catch (e) {
	console.log('not read: ' + (e.error || e.message || e))
}
