/** Layout shift while a slow register answers, in Chromium: printed as JSON, one line a kit. */

import puppeteer from 'puppeteer-core'

const { PREFILL_SITE: site, PREFILL_SERVICE: service, PREFILL_EXECUTABLE: executablePath } = process.env
const SLOW = '00001700400011'
const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
]
const browser = await puppeteer.launch({ browser: 'chrome', executablePath, headless: true, args: flags })
try {
	for (const kit of ['plain', 'dsfr', 'bootstrap']) {
		const page = await browser.newPage()
		await page.setViewport({ width: 1000, height: 1600 })
		await page.evaluateOnNewDocument(() => {
			window.shifts = []
			window.longest = 0
			new PerformanceObserver(list => {
				for (const entry of list.getEntries())
					if (!entry.hadRecentInput)
						window.shifts.push([
							entry.value,
							entry.sources.map(source => source.node?.outerHTML?.slice(0, 80) || source.node?.nodeName),
						])
			}).observe({ type: 'layout-shift', buffered: true })
		})
		const url = `${service}/fresh/cls-${kit}-${process.pid}/v1/`
		await page.goto(`${site}/${kit}.html?service=${encodeURIComponent(service)}&url=${encodeURIComponent(url)}`)
		await page.waitForSelector('[data-prefill-state]')
		const requests = []
		page.on('request', request => requests.push(request.url().replace(/\?.*/, '').replace(url, '')))
		await page.evaluate(() => {
			const from = {}
			const siret = document.getElementById('siret')
			siret.addEventListener('input', () => siret.value.length === 14 && (from.last ??= performance.now()), true)
			document
				.getElementById('name')
				.addEventListener('input', () => (window.firstField ??= performance.now() - from.last))
		})
		await page.focus('#siret')
		await page.keyboard.type(SLOW)
		await page.waitForSelector('[data-prefill-state=done]', { timeout: 20_000 })
		await new Promise(resolve => setTimeout(resolve, 300))
		const { shifts, firstField } = await page.evaluate(() => ({
			shifts: window.shifts,
			firstField: window.firstField,
		}))
		console.log(
			JSON.stringify({ kit, cls: shifts.reduce((sum, [value]) => sum + value, 0), shifts, firstField, requests }),
		)
		await page.close()
	}
} finally {
	await browser.close()
}
