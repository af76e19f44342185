type Policy = { createScriptURL(url: string): string }
type Factory = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy }

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes

/** Only our own hashed assets may become workers. */
const policy = factory?.createPolicy('scopix', {
  createScriptURL(url) {
    if (!url.startsWith('/assets/')) throw new TypeError(url)
    return url
  },
})

export const workerUrl = (url: string) => (policy ? policy.createScriptURL(url) : url)
