"""Sending what people are told: by mail, by webhook, to the groups of WeCom and DingTalk."""
