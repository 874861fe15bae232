"""Real HTTP servers on loopback that are as strict as the services they stand for."""
