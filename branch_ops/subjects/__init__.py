"""Which kinds of request does the bank's side bring to the approval engine?"""
