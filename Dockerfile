# One image for every process of Guichet; the command says which one a container runs.
FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json ./
# The embedded PostgreSQL and a Node of its own are for laptops: both are dev dependencies.
RUN npm ci --omit=dev --ignore-scripts
COPY schema schema
COPY subgraphs subgraphs
COPY gateway gateway
COPY dev dev
USER node
CMD ["node", "--max-semi-space-size=64", "gateway/server.ts"]
