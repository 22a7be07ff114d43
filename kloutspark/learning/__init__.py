"""What weights and anchors are fitted from: labels, samples on the driver, plain numpy."""
