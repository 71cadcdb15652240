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
		const lasting = { ...options, signal: /** @type {undefined} */ (undefined) }
		notices.set(
			key,
			askJson('notice', lasting, ['schema', 'tenant']).then(
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
	block.pendingNotice = block.noticeBox ? undefined : notice
	return notice
}

/**
 * Show what must be told before the first call.
 * @param {Block} block @param {NoticeText} notice @param {() => void} [then] What waits for consent.
 */
export function tellNotice(block, notice, then = block.onConsent) {
	block.onConsent = then
	if (block.noticeBox) return
	block.noticeBox = drawNotice(notice, block)
	const slot = block.place.find('[data-prefill-notice]')
	if (slot) slot.append(block.noticeBox)
	else block.panel.actions.after(block.noticeBox)
	block.pendingNotice = undefined
}

/** @param {NoticeText} notice @param {Block} block */
function drawNotice(notice, block) {
	const box = make('div', 'notice')
	box.setAttribute('role', 'note')
	if (notice.title) box.append(make('strong', 'notice-title', '', notice.title))
	for (const paragraph of notice.text || []) box.append(make('p', 'notice-text', '', paragraph))
	if (!needsConsent(notice)) return box
	const button = makeButton('button', block.kit.button, block.words.accept, () => {
		giveConsent(`${notice.version}`)
		button.remove()
		block.onConsent?.()
	})
	box.append(button)
	return box
}
