import type { Role } from './kernel/passport.ts';

/** Known in advance, so that the tickets subgraph can seed the organizer's event without asking. */
export const SEEDED_ORGANIZER_ID = '01900000-0000-7000-8000-000000000002';

/** Accounts of the local stack (public contract, "Development defaults"). */
export const SEEDED_USERS: {
  id: string;
  email: string;
  password: string;
  displayName: string;
  role: Role;
}[] = [
  {
    id: '01900000-0000-7000-8000-000000000001',
    email: 'admin@guichet.test',
    password: 'admin-guichet',
    displayName: 'Ada Admin',
    role: 'ADMIN',
  },
  {
    id: SEEDED_ORGANIZER_ID,
    email: 'organizer@guichet.test',
    password: 'organizer-guichet',
    displayName: 'Olympe Organise',
    role: 'ORGANIZER',
  },
  {
    id: '01900000-0000-7000-8000-000000000003',
    email: 'staff@guichet.test',
    password: 'staff-guichet',
    displayName: 'Sam Staff',
    role: 'STAFF',
  },
];
