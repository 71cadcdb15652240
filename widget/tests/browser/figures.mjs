/**
 * What the script costs a page, in Chromium: one line of JSON for each visit. PREFILL_SITE, PREFILL_SERVICE,
 * PREFILL_EXECUTABLE: as for the matrix; PREFILL_RUNS: how many timed visits of the plain form.
 */

import puppeteer from 'puppeteer-core'

const {
	PREFILL_SITE: site,
	PREFILL_SERVICE: service,
	PREFILL_EXECUTABLE: executablePath,
	PREFILL_RUNS: runs,
} = process.env
const ORDINARY = '00000100800010'
const SLOW = '00001700400011'
const OTHER = '00000300400017'
/** How many times slower the processor is made. */
const SLOWED = 4
const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
]
let visits = 0

/** In the page: what moves by itself, once what the candidate did is drawn (two frames after the search began). */
const watch = () => {
	window.shifts = []
	let drawn = Infinity
	new PerformanceObserver(list => {
		for (const entry of list.getEntries())
			if (!entry.hadRecentInput && entry.startTime > drawn)
				window.shifts.push([
					entry.value,
					entry.sources.map(source => source.node?.outerHTML?.slice(0, 80) || source.node?.nodeName),
				])
	}).observe({ type: 'layout-shift', buffered: true })
	new MutationObserver((_, observer) => {
		if (!document.querySelector('[data-prefill-state=searching]')) return
		observer.disconnect()
		requestAnimationFrame(() => requestAnimationFrame(() => (drawn = performance.now())))
	}).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-prefill-state'] })
}
const time = () => {
	const siret = document.getElementById('siret')
	let last
	siret.addEventListener('input', () => siret.value.length === 14 && (last ??= performance.now()), true)
	document.getElementById('name').addEventListener('input', () => (window.firstField ??= performance.now() - last))
	window.ended = new Promise(resolve => document.addEventListener('prefill:done', () => setTimeout(resolve, 300)))
}

/** In the page without the script: the same values, by what a page would write itself. @param {string} url */
const byHand = url => {
	const at = id => document.getElementById(id)
	const names = { name: 'name', city: 'cityName', vat: 'vat', rcs: 'registrationNumber', form: 'legalForm' }
	const write = async () => {
		if (at('siret').value.length < 14) return
		const fields = [...Object.values(names), 'socialEconomy']
		const reply = await fetch(`${url}prefill/${at('siret').value}?schema=dume&fields=${fields}`)
		const { data, aliases } = await reply.json()
		const valueOf = name =>
			aliases[name]
				.split('/')
				.slice(1)
				.reduce((part, key) => part?.[key], data)
		for (const [id, name] of Object.entries(names)) at(id).value = valueOf(name) ?? ''
		at('form').value = valueOf('legalForm').split(',')[0]
		at(valueOf('socialEconomy') ? 'ess-yes' : 'ess-no').checked = true
		document.dispatchEvent(new Event('prefill:done'))
	}
	at('siret').addEventListener('input', write)
}

/** Milliseconds that the page's main thread worked, by kind: its own time, whatever else the machine does. */
async function work(session) {
	const { metrics } = await session.send('Performance.getMetrics')
	const { ScriptDuration, LayoutDuration, RecalcStyleDuration } = Object.fromEntries(
		metrics.map(({ name, value }) => [name, 1e3 * value]),
	)
	return { script: ScriptDuration, layout: LayoutDuration + RecalcStyleDuration }
}

/** A service that has started: another company was asked, the one of the visit is not known yet. @param {string} url */
async function warmUp(url) {
	for (const Accept of ['text/event-stream', 'application/json'])
		await (await fetch(`${url}prefill/${OTHER}?schema=dume`, { headers: { Accept } })).text()
}

/** @param {import('puppeteer-core').Browser} browser */
async function visit(browser, kit, number, slowed = 1, bare = false) {
	const page = await browser.newPage()
	await page.setViewport({ width: 1000, height: 1600 })
	await page.evaluateOnNewDocument(watch)
	const url = `${service}/fresh/figures-${process.pid}-${++visits}/v1/`
	await warmUp(url)
	const address = `${site}/${kit}.html?service=${encodeURIComponent(service)}&url=${encodeURIComponent(url)}`
	await page.goto(bare ? `${address}&bare` : address)
	if (bare) await page.evaluate(byHand, url)
	else await page.waitForSelector('[data-prefill-state]')
	const requests = []
	page.on('request', request => requests.push(request.url().replace(/\?.*/, '').replace(url, '')))
	await page.evaluate(time)
	// The notice is read at the first focus: a person takes longer to type than the service to start.
	const notice = bare || page.waitForResponse(reply => /notice/.test(reply.url())).then(reply => reply.text())
	await page.focus('#siret')
	await notice
	await page.keyboard.type(number.slice(0, 13))
	await page.emulateCPUThrottling(slowed)
	const session = await page.createCDPSession()
	await session.send('Performance.enable', { timeDomain: 'threadTicks' })
	const before = await work(session)
	await page.keyboard.type(number.slice(13))
	await page.evaluate(() => window.ended)
	const after = await work(session)
	const { shifts, firstField } = await page.evaluate(() => ({
		shifts: window.shifts,
		firstField: window.firstField,
	}))
	await page.close()
	return {
		kit,
		slowed,
		bare,
		cls: shifts.reduce((sum, [value]) => sum + value, 0),
		shifts,
		requests,
		firstField,
		script: after.script - before.script,
		layout: after.layout - before.layout,
	}
}

const browser = await puppeteer.launch({ browser: 'chrome', executablePath, headless: true, args: flags })
try {
	for (const kit of ['plain', 'dsfr', 'bootstrap']) console.log(JSON.stringify(await visit(browser, kit, SLOW)))
	for (let run = 0; run < +(runs || 0); run++)
		for (const [slowed, bare] of [[1], [SLOWED], [SLOWED, true]])
			console.log(JSON.stringify(await visit(browser, 'plain', ORDINARY, slowed, bare)))
} finally {
	await browser.close()
}
