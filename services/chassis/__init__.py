"""What all three services stand on: event store, outbox, broker, web factory, worker, settings. It knows no service."""
