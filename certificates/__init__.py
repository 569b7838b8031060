"""Keys, certificates, statements and signatures."""
