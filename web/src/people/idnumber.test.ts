import { describe, expect, it } from 'vitest'
import { fromIdNumber } from './idnumber'

describe('an identity number', () => {
  it('tells sex and birth date', () => {
    expect(fromIdNumber('11010519491231002x')).toEqual({ sex: '2', birth_date: '1949-12-31' }) // the example of GB 11643
  })
  it('with a slip of the pen tells nothing', () => {
    expect(fromIdNumber('110105194912310020')).toBeNull()
    expect(fromIdNumber('1101051949')).toBeNull()
  })
})
