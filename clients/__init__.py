"""What others run: the command line, the print agent on a kiosk."""
