// Which registers' records have photos, as the service tells in its address.
export const OWNERS = ['residents', 'households', 'valuables', 'premises', 'premises_staff', 'estates', 'buildings', 'rooms'] as const

export type Owner = (typeof OWNERS)[number]

/** The register as an owner of photos; null where its records have none. */
export const ownerOf = (register: string): Owner | null => OWNERS.find((one) => one === register) ?? null

/** Of people the picture as on an identity card, cut to 110 x 140. */
export const isPerson = (owner: Owner) => owner === 'residents' || owner === 'premises_staff'
