"""Every statement of screening. Personal data is sealed and opened here, and nowhere stored in clear."""
