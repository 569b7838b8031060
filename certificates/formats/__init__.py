"""Values to bytes and back: certificates, requests, statements, signatures, letters."""
