// Copying a text of the page.

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
