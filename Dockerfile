# One image for every process of Guichet; the command says which one a container runs.
FROM node:24-slim AS programs
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded PostgreSQL and a Node of its own are for laptops: both are dev dependencies.
RUN npm ci --omit=dev --ignore-scripts
COPY schema schema
COPY subgraphs subgraphs
COPY gateway gateway
USER node

# The same with the Stripe sandbox and the mailbox, for the development profile of docker-compose.yml.
FROM programs AS development
COPY dev dev

# The last stage is what `docker build .` makes.
FROM programs AS production
ENV NODE_ENV=production
CMD ["node", "--max-semi-space-size=64", "gateway/main.ts"]
