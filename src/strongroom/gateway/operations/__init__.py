"""The use cases of the gateway: each asks the services and shows what they say."""
