// Users and roles as the service tells them.
import { answer, client } from '@/api/client'

export interface User {
  username: string
  name: string
  roles: string[]
  scopes: string[]
  must_change_password: boolean
  locked_until: string | null
  retired_at: string | null
  expires_on: string | null
  created_at: string
  seen_at: string | null
  second_factor: boolean
  demo: boolean
  version: number
}

export interface Role {
  code: string
  name: string
  rights: string[]
  users: number
  product: boolean
  version: number
}

export interface Roles {
  items: Role[]
  rights: Record<string, string>
}

export type UserState = 'active' | 'first' | 'locked' | 'over' | 'retired'

/** The one state that matters most for whoever looks after accounts. `today` as 2026-11-22. */
export function stateOf(user: User, now: Date, today: string): UserState {
  if (user.retired_at) return 'retired'
  if (user.expires_on && user.expires_on < today) return 'over'
  if (user.locked_until && new Date(user.locked_until) > now) return 'locked'
  return user.must_change_password ? 'first' : 'active'
}

/** Users whose account, name or area contains what is looked for. */
export function found(users: readonly User[], asked: string, { role, retired }: { role: string; retired: boolean }): User[] {
  const wanted = asked.trim().toLowerCase()
  return users.filter(
    (user) =>
      (retired || !user.retired_at) &&
      (!role || user.roles.includes(role)) &&
      (!wanted || [user.username, user.name, ...user.scopes].some((each) => each.toLowerCase().includes(wanted))),
  )
}

export const listUsers = async () => (await answer<{ items: User[] }>(client.GET('/api/users'))).items
export const listRoles = () => answer<Roles>(client.GET('/api/roles'))

/** The header that says which version was seen. */
export const seen = ({ version }: { version: number }) => ({ 'If-Match': `"${version}"` })
