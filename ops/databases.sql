-- One database per subgraph; the queues are on Redis.
create database users;
create database orders;
create database invoices;
create database payments;
create database tickets;
create database notifications;
