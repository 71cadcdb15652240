// Downloads: a document or an archive, with its progress.

import { call, post, refusalOf } from './api.js'
import { make } from './dom.js'
import { kilobytes } from './format.js'

const MEDIA = 'application/pdf, application/zip, application/problem+json'
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/**
 * Download a file and hand it to the browser. Rejects with a refusal.
 *
 * @param {string} href
 * @param {(text: string) => void} report What to say of the progress.
 * @param {{ media?: string, signal?: AbortSignal }} [options] The kinds of files that are accepted; what ends the call.
 * @returns {Promise<string | null>} The address of the next archive, when the quota of downloads left documents for it.
 */
export const download = async (href, report, { media = MEDIA, signal } = {}) => {
	report('Le document est demandé…')
	const { response, blob } = await keep(await call(href, media, signal), report)
	const left = Number(response.headers.get('X-Prefill-Documents-Left') || 0)
	const more = left ? ` Restent ${plural(left, 'document')}, au-delà des téléchargements de cette minute.` : ''
	report(`Reçu : ${filenameOf(response)} (${kilobytes(blob.size)}).${more}`)
	return /<([^>]+)>; rel="next"/.exec(response.headers.get('Link') || '')?.[1] || null
}

/**
 * Ask for a file made from what is sent, and hand it to the browser. Rejects with a refusal.
 *
 * @param {string} href
 * @param {object} body
 * @param {(text: string) => void} report What to say of the progress.
 * @returns {Promise<string | null>} Where the next archive begins, when the quota of downloads left documents for it.
 */
export const downloadMade = async (href, body, report) => {
	report('Le fichier est demandé…')
	const { response, blob } = await keep(await post(href, `${MEDIA}, ${XLSX}`, body), report)
	report(`Reçu : ${filenameOf(response)} (${kilobytes(blob.size)}).`)
	return response.headers.get('X-Prefill-Next')
}

/**
 * @param {Response} response
 * @param {(text: string) => void} report
 */
const keep = async (response, report) => {
	if (!response.ok) throw await refusalOf(response)
	const blob = await receive(response, report)
	save(blob, filenameOf(response))
	return { response, blob }
}

/**
 * @param {Response} response
 * @param {(text: string) => void} report
 */
const receive = async (response, report) => {
	const expected = Number(response.headers.get('X-Prefill-Documents') || 0)
	const suffix = expected ? ` (${plural(expected, 'document')} au plus)` : ''
	const parts = []
	let size = 0
	const reader = response.body.getReader()
	for (;;) {
		const { value, done } = await reader.read()
		if (done) break
		parts.push(value)
		size += value.length
		report(`${kilobytes(size)} reçus${suffix}…`)
	}
	return new Blob(parts, { type: response.headers.get('Content-Type') })
}

/**
 * @param {number} count
 * @param {string} noun
 */
const plural = (count, noun) => `${count} ${noun}${count > 1 ? 's' : ''}`

/** @param {Response} response */
const filenameOf = response =>
	/filename="([\w.-]+)"/.exec(response.headers.get('Content-Disposition') || '')?.[1] || 'document'

/**
 * @param {Blob} blob
 * @param {string} filename
 */
const save = (blob, filename) => {
	const address = URL.createObjectURL(blob)
	const link = make('a', { href: address, download: filename, hidden: true })
	document.body.append(link)
	link.click()
	link.remove()
	setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
