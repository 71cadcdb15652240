// What several pages do: tabs, copying a text, downloading what the service makes of a form; and the words they share.

/** Why a field has no value. */
export const REASONS = {
	absent: 'Absent',
	withheld: 'Non diffusé',
	unavailable: 'En panne',
	late: 'En retard',
	not_entitled: 'Sans accès',
	reserved: 'Réservé',
	declared: 'À déclarer',
}

// Tabs, as the ARIA practices describe them.

/** @param {(panel: HTMLElement) => void} [shown] Called with the panel that comes to the front. */
export const startTabs = (shown = () => {}) => {
	const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[role=tab]')])
	const panelOf = (/** @type {HTMLElement} */ tab) => document.getElementById(tab.getAttribute('aria-controls'))
	const show = (/** @type {HTMLElement} */ front) => {
		for (const tab of tabs) {
			tab.setAttribute('aria-selected', String(tab === front))
			tab.tabIndex = tab === front ? 0 : -1
			panelOf(tab).hidden = tab !== front
		}
		front.focus()
		shown(panelOf(front))
	}
	for (const [index, tab] of tabs.entries()) {
		tab.addEventListener('click', () => show(tab))
		tab.addEventListener('keydown', ({ key }) => {
			const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
			if (step) show(tabs.at((index + step) % tabs.length))
		})
	}
}

/**
 * @param {string} text
 * @param {HTMLElement} element What holds it, selected where the browser lets nothing be copied.
 * @param {(text: string) => void} say
 */
export const copy = async (text, element, say) => {
	try {
		await navigator.clipboard.writeText(text)
		say('Copié.')
	} catch {
		if (element instanceof HTMLTextAreaElement) element.select()
		else getSelection().selectAllChildren(element)
		say('Sélectionné : Ctrl+C pour copier.')
	}
}

/** @typedef {{ pointer: string, message: string }} Gap What remains to be given. */

/**
 * Download what the service makes of a body.
 *
 * @param {string} path
 * @param {object} body
 * @param {string} name Of the file.
 * @param {(text: string) => void} say
 * @returns {Promise<Gap[]>} What the service lacks to make it.
 */
export const download = async (path, body, name, say) => {
	say('Préparation…')
	const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'fr' }
	try {
		const reply = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
		if (!reply.ok) return explain(await reply.json(), say)
		const link = document.createElement('a')
		link.href = URL.createObjectURL(await reply.blob())
		link.download = name
		link.click()
		setTimeout(() => URL.revokeObjectURL(link.href), 1000)
		say(`${name} : téléchargé.`)
	} catch {
		say('Le service ne répond pas : réessayez.')
	}
	return []
}

const COMPANY_SIZE = '/partII/A/economicOperator/companyCategory'
/** @type {Record<string, string>} What a DUME takes of what is typed, by the path of the field. */
const DECLARED = {
	'/partII/A/economicOperator/name': 'name',
	'/partII/A/economicOperator/postalAddress/countryCode': 'countryCode',
	'/partII/A/economicOperator/legalEntity/shareCapital/currencyID': 'currencyID',
	'/partIV/B/setUpDate': 'setUpDate',
}

/**
 * Download the DUME of a company as XML, then say what it cannot carry, and what its author must look at.
 *
 * @param {string} number
 * @param {Record<string, any>} typed What was typed where no register gave a value, by the path of the field.
 * @param {(text: string) => void} say
 */
export const downloadEspd = async (number, typed, say) => {
	const size = espdSize()
	const path = `/v1/prefill/${encodeURIComponent(number)}/espd`
	/** @type {Record<string, string>} */
	const declared = size ? { size } : {}
	for (const [field, name] of Object.entries(DECLARED)) if (typed[field]) declared[name] = typed[field]
	const missing = await download(path, { declared }, 'dume.xml', say)
	delete declared.name // no name in an address
	const reply = await fetch(`${path}?${new URLSearchParams(declared)}`, { headers: { 'Accept-Language': 'fr' } })
	showEspdNotes({ remaining: missing, ...(reply.ok ? await reply.json() : {}) })
}

/** @returns {string} The size of the company, as it was chosen; empty when it was not. */
export const espdSize = () => /** @type {HTMLSelectElement} */ (document.getElementById('espd-size')).value

/**
 * Say what a document does not carry and what its author must look at; ask for the size when it is what remains.
 *
 * @param {{ remaining: Gap[], leftOut?: Gap[], toConfirm?: Gap[] }} status
 */
export const showEspdNotes = ({ remaining, leftOut = [], toConfirm = [] }) => {
	if (remaining.some(gap => gap.pointer === COMPANY_SIZE)) document.getElementById('espd-size-field').hidden = false
	listGaps('espd-left-out', leftOut)
	listGaps('espd-to-confirm', toConfirm)
}

/** Forget what was said of the DUME of another company. */
export const clearEspd = () => {
	const size = /** @type {HTMLSelectElement} */ (document.getElementById('espd-size'))
	size.value = ''
	document.getElementById('espd-size-field').hidden = true
	for (const id of ['espd-left-out', 'espd-to-confirm']) listGaps(id, [])
}

/**
 * @param {string} id
 * @param {Gap[]} gaps
 */
const listGaps = (id, gaps) => {
	const place = document.getElementById(id)
	place.hidden = !gaps.length
	const items = gaps.map(gap => {
		const item = document.createElement('li')
		item.textContent = gap.message
		return item
	})
	place.querySelector('ul').replaceChildren(...items)
}

/**
 * @param {any} problem
 * @param {(text: string) => void} say
 * @returns {Gap[]}
 */
const explain = (problem, say) => {
	const missing = problem.missing || []
	say([problem.detail, ...missing.map((/** @type {Gap} */ gap) => gap.message)].join(' '))
	return missing
}

/**
 * A value as it was typed, as the service takes it.
 *
 * @param {string} text
 * @param {string} [type] Of the field.
 * @returns {string | number | undefined}
 */
export const typedValue = (text, type) => {
	if (type !== 'number' && type !== 'integer') return text || undefined
	const number = Number(text.replace(/\s/g, '').replace(',', '.'))
	return text && Number.isFinite(number) ? number : undefined
}
