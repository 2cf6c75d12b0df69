"""Teams of installers (装维班组), and whose an order is."""
