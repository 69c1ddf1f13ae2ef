// What the playground opens with: enough to sign in, look around and follow a purchase. Runs in the browser.

const SIGN_IN = `# Signs in with the organizer's account of
# the development seed. Then copy accessToken
# into the Headers below, on any tab:
#   { "authorization": "Bearer …" }
mutation SignIn {
  login(
    input: {
      email: "organizer@guichet.test"
      password: "organizer-guichet"
    }
  ) {
    ... on Session {
      accessToken
      expiresAt
      user { displayName role permissions }
    }
    ... on Error { message }
  }
}
`;

const EVENTS = `# Published events need no token.
query Events {
  events(first: 10) {
    nodes {
      id
      title
      venue
      startsAt
      products {
        id
        kind
        name
        price { amount currency }
        available
      }
    }
    totalCount
  }
}
`;

const PURCHASE = `# The whole story of a purchase, live.
# Place an order first (placeOrder), put its id
# into Variables and your token into Headers.
subscription Purchase($orderId: ID!) {
  orderUpdated(orderId: $orderId) {
    status
    payments { status clientSecret nextActionUrl }
    invoice { number status pdfUrl }
    tickets { code qrCode pdfUrl }
    notifications { status subject }
  }
}
`;

const TOKEN = JSON.stringify({ authorization: 'Bearer <accessToken>' }, null, 2);

export const tabs = [
  { query: SIGN_IN, headers: '{}' },
  { query: EVENTS, headers: '{}' },
  { query: PURCHASE, variables: JSON.stringify({ orderId: '' }, null, 2), headers: TOKEN },
];
