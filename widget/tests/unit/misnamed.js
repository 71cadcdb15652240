/** Names of others that are on the list of the names that the build shortens: each must be seen. */

/**
 * @param {HTMLFormElement} form @param {Record<string, any>} answer @param {any} unknown
 * @param {{ emit: (name: string, detail: object) => void }} block
 */
export function misnamed(form, answer, unknown, block) {
	const { elements } = form
	form.elements[0].remove()
	const track = document.querySelector('video').addTextTrack('captions')
	block.emit('done', { counts: elements, name: [track.kind, answer.company, unknown.note] })
	Object.assign(track, { kind: 'subtitles' })
}
