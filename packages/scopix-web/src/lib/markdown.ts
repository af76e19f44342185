import type { FileDetails } from './api'

/** A file's description, fields and text for people: in Markdown, with the signs that would be markup escaped. */
export function asMarkdown(file: FileDetails): string {
  const parts = [`# ${plain(file.title || file.original_filename || file.id)}`]
  if (file.upload_description) parts.push(plain(file.upload_description))
  if (file.tags?.length) parts.push(file.tags.map(plain).join(', '))
  if (file.category_data) parts.push('```json', JSON.stringify(file.category_data, null, 2), '```')
  // Text of the picture is quoted line by line: it is what somebody else wrote.
  if (file.visible_text) parts.push(file.visible_text.split('\n').map((line) => `> ${plain(line)}`).join('\n'))
  return `${parts.join('\n\n')}\n`
}

const plain = (text: string) => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&')

/** Puts text on the clipboard; also where the page is not served over https and the browser hides the usual way. */
export async function words(text: string): Promise<boolean> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  return copied
}
