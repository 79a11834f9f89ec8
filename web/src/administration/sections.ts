// The parts of administration and who may open them; the service checks each request again.
import { words } from './words'

export interface Section {
  name: keyof typeof words.pages
  to: string
  rights: string[]
}

export const sections: readonly Section[] = [
  { name: 'users', to: '/admin/users', rights: ['users.manage'] },
  { name: 'roles', to: '/admin/roles', rights: ['users.manage'] },
  { name: 'tokens', to: '/admin/tokens', rights: ['users.manage'] },
  { name: 'dictionary', to: '/admin/dictionary', rights: ['dictionary.write'] },
  { name: 'colours', to: '/admin/colours', rights: ['colours.write'] },
  { name: 'settings', to: '/admin/settings', rights: ['settings.manage'] },
  { name: 'jobs', to: '/admin/jobs', rights: [] },
  { name: 'audit', to: '/admin/audit', rights: ['audit.read'] },
  { name: 'health', to: '/admin/health', rights: ['system.read'] },
]

/** Any of these makes an administrator: who has none sees only his own jobs, from the user menu. */
export const ADMINISTRATION = [...new Set(sections.flatMap(({ rights }) => rights))]
