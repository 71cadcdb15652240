/** What the operator must tell before the first search, and the consent that they may ask for. */

import { make, makeButton } from './kits.js'
import { consentGiven, giveConsent } from './memory.js'
import { askJson } from './transport.js'

/** @typedef {import('./block.js').Block} Block */
/** @typedef {{ version: string, title: string, text: string[], consent: boolean }} NoticeText */

/** @type {Map<string, Promise<NoticeText | null>>} */
const notices = new Map()

/** The notice of a form, asked once a page; null when there is none. @param {import('./transport.js').Request} options */
function noticeOf(options) {
	const key = `${options.url} ${options.schema} ${options.tenant}`
	if (!notices.has(key)) {
		notices.set(
			key,
			askJson('notice', options, ['schema', 'tenant']).then(
				notice => (notice.text?.length || notice.title ? /** @type {any} */ (notice) : null),
				/** @returns {null} */ fault => {
					if (fault.problem?.status === 404) return null
					// Not known is not none: consent may be due.
					notices.delete(key)
					throw fault
				},
			),
		)
	}
	return notices.get(key)
}

/** @param {NoticeText | null} notice */
export const needsConsent = notice => !!notice?.consent && consentGiven() !== `${notice.version}`

/** Read the notice of the block's form, to be shown at the first thing typed. @param {Block} block */
export async function readNotice(block) {
	const notice = await noticeOf(block.request())
	block.pendingNotice = notice
	return notice
}

/** Something is typed: place is kept for the notice, or it is shown if it is known already. @param {Block} block */
export function expectNotice(block) {
	if (block.pendingNotice) tellNotice(block, block.pendingNotice)
	else if (block.pendingNotice !== null) boxOf(block)
}

/** @param {Block} block */
function boxOf(block) {
	if (block.noticeBox) return block.noticeBox
	const box = (block.noticeBox = make('div', 'notice'))
	const slot = block.place.find('[data-prefill-notice]')
	if (slot) slot.append(box)
	else block.panel.actions.after(box)
	return box
}

/**
 * Show what must be told before the first call. Its title says that there is a notice: the whole of it does not push the
 * form away, unless the page has a place for it or an answer is awaited.
 * @param {Block} block @param {NoticeText} notice @param {() => void} [then] What waits for consent.
 */
export function tellNotice(block, notice, then = block.onConsent) {
	const box = boxOf(block)
	block.onConsent = then
	if (box.firstChild) return
	const details = /** @type {HTMLDetailsElement} */ (make('details', 'notice-details'))
	box.setAttribute('role', 'note')
	details.open = needsConsent(notice) || !!box.closest('[data-prefill-notice]')
	details.append(make('summary', 'notice-title', '', notice.title))
	for (const paragraph of notice.text || []) details.append(make('p', 'notice-text', '', paragraph))
	box.append(details)
	if (!needsConsent(notice)) return
	const button = makeButton('button', block.kit.button, block.words.accept, () => {
		giveConsent(`${notice.version}`)
		button.remove()
		block.onConsent?.()
	})
	box.append(button)
}
