"""RabbitMQ: the hot lane on pika's asynchronous connections; topology, status and dead letters on kombu."""
