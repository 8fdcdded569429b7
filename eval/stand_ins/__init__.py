"""What answers in a model's place? Scripts, faults and recordings behind one mocked wire."""
